-- PostgreSQL database dump
CREATE TABLE public.ok (id integer PRIMARY KEY);
CREATE TABLE public.log (
    line text
);
