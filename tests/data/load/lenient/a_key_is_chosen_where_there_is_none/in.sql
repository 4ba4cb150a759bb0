-- PostgreSQL database dump
CREATE TABLE public.by_unique (a text, b integer NOT NULL, c integer NOT NULL, UNIQUE (a), UNIQUE (b), UNIQUE (c));
CREATE TABLE public.by_id (other integer, id integer);
CREATE TABLE public.by_id_of_two (id integer NOT NULL, b integer NOT NULL, CONSTRAINT k PRIMARY KEY (id, b));
CREATE TABLE public.lost_key ("order" integer NOT NULL, id integer, CONSTRAINT k PRIMARY KEY ("order"));
CREATE TABLE public.vector_only (id public.vector(3));
CREATE TABLE public.none (a text);
CREATE TABLE public.pair (a text NOT NULL, b text NOT NULL, UNIQUE (a, b));
