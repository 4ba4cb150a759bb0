-- PostgreSQL database dump
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT foo(1
