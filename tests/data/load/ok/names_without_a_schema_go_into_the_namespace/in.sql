-- options: into=shop
-- PostgreSQL database dump
CREATE SCHEMA public;
CREATE SCHEMA other;
CREATE TABLE public.a (id integer PRIMARY KEY);
CREATE TABLE b (id integer PRIMARY KEY);
CREATE TABLE other.c (id integer PRIMARY KEY);
COMMENT ON TABLE public.a IS 'A';
COMMENT ON COLUMN b.id IS 'B';
