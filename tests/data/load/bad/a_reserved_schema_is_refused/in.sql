-- PostgreSQL database dump
CREATE SCHEMA sql;
CREATE TABLE sql.t (id integer PRIMARY KEY);
