-- PostgreSQL database dump
CREATE TABLE public.t (id integer NOT NULL, b integer NOT NULL);
ALTER TABLE ONLY public.t ADD CONSTRAINT k PRIMARY KEY (id, b);
