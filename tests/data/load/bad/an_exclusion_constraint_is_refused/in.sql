-- PostgreSQL database dump
CREATE TABLE public.r (id integer PRIMARY KEY, a text, EXCLUDE USING gist (a WITH =));
