-- PostgreSQL database dump
CREATE TABLE public.t (id integer PRIMARY KEY, n smallint DEFAULT 40000);
