-- PostgreSQL database dump
CREATE TYPE 5 AS ENUM ('a');
