-- PostgreSQL database dump
CREATE TABLE public.items (id integer PRIMARY KEY, code text);
ALTER TABLE ONLY public.items
    ADD CONSTRAINT code UNIQUE (code);
