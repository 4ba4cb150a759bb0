-- PostgreSQL database dump
CREATE DOMAIN a AS b;
CREATE DOMAIN b AS a;
CREATE TABLE t (id int PRIMARY KEY, x a);
