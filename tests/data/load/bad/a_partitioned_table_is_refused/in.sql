-- PostgreSQL database dump
CREATE TABLE public.t (id integer PRIMARY KEY, at date)
PARTITION BY RANGE (at);
