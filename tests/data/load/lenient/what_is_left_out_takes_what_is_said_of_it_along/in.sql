-- PostgreSQL database dump
CREATE TABLE public."No Name" (id integer NOT NULL);
COMMENT ON TABLE public."No Name" IS 'x';
COMMENT ON COLUMN public."No Name".id IS 'x';
ALTER TABLE ONLY public."No Name" ADD CONSTRAINT p PRIMARY KEY (id);
CREATE VIEW public.v AS SELECT 1;
COMMENT ON VIEW public.v IS 'x';
COMMENT ON COLUMN public.v.a IS 'x';
CREATE TABLE public."Items" (id integer NOT NULL);
CREATE TABLE public.items (id integer NOT NULL);
ALTER TABLE ONLY public.items ADD CONSTRAINT p PRIMARY KEY (id);
ALTER TABLE ONLY public."Items" ADD CONSTRAINT p PRIMARY KEY (id);
ALTER TABLE ONLY public.unknown ADD CONSTRAINT p PRIMARY KEY (id);
CREATE SCHEMA admin;
CREATE TABLE admin.t (id integer PRIMARY KEY);
COMMENT ON SCHEMA admin IS 'x';
