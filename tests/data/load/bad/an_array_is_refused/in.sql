-- PostgreSQL database dump
CREATE TABLE public.t (id integer PRIMARY KEY, a character varying(10)[]);
