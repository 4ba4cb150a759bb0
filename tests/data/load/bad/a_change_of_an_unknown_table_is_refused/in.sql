-- PostgreSQL database dump
ALTER TABLE ONLY public.items ADD CONSTRAINT k PRIMARY KEY (id);
