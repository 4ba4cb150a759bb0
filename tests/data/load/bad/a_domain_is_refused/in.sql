-- PostgreSQL database dump
CREATE DOMAIN public.positive AS integer CHECK (VALUE > 0);
CREATE TABLE public.t (id integer PRIMARY KEY, p public.positive);
