-- PostgreSQL database dump
CREATE TABLE public.t (id integer PRIMARY KEY, "Id" integer);
