-- PostgreSQL database dump
CREATE TABLE public.t (
    id integer PRIMARY KEY,
    n integer DEFAULT (1 + 2) NOT NULL
);
