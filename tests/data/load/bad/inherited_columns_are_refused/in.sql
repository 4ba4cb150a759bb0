-- PostgreSQL database dump
CREATE TABLE public.t (id integer PRIMARY KEY)
INHERITS (public.base);
