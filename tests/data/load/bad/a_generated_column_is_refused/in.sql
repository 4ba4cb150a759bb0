-- PostgreSQL database dump
CREATE TABLE public.t (id integer PRIMARY KEY, a integer GENERATED ALWAYS AS ((id * 2)) STORED);
