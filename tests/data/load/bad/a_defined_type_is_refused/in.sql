-- PostgreSQL database dump
CREATE TYPE public.mood AS ENUM ('sad', 'ok');
CREATE TABLE public.t (id integer PRIMARY KEY, m public.mood);
