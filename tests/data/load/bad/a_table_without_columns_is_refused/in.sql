-- PostgreSQL database dump
CREATE TABLE public.nothing (
);
