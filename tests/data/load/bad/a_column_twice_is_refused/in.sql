-- PostgreSQL database dump
CREATE TABLE t (id int PRIMARY KEY, a int, A int);
