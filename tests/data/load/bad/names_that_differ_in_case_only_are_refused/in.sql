-- PostgreSQL database dump
CREATE TABLE public."Items" (id integer PRIMARY KEY);
CREATE TABLE public.items (id integer PRIMARY KEY);
