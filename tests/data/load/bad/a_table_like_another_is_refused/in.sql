-- PostgreSQL database dump
CREATE TABLE public.t (LIKE public.other INCLUDING ALL);
