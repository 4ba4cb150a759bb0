-- PostgreSQL database dump
CREATE TABLE public."Sick Days" (id integer PRIMARY KEY);
