-- PostgreSQL database dump
CREATE SCHEMA shop;
SET search_path = shop, pg_catalog;
CREATE TABLE items (id integer NOT NULL);
SET search_path = public, pg_catalog;
CREATE TABLE items (id integer NOT NULL);
SET search_path = shop, pg_catalog;
ALTER TABLE ONLY items ADD CONSTRAINT items_pkey PRIMARY KEY (id);
SET search_path TO '';
ALTER TABLE ONLY public.items ADD CONSTRAINT items_pkey PRIMARY KEY (id);
