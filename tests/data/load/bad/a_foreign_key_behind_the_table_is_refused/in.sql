-- PostgreSQL database dump
CREATE TABLE public.items (id integer PRIMARY KEY, parent integer);
ALTER TABLE ONLY public.items
    ADD CONSTRAINT up FOREIGN KEY (parent) REFERENCES public.items(id);
