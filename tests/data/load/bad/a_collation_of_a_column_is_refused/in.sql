-- PostgreSQL database dump
CREATE TABLE public.t (id integer PRIMARY KEY, a text COLLATE pg_catalog."C");
