-- PostgreSQL database dump
CREATE TABLE t (id int PRIMARY KEY);
ALTER TABLE t INHERIT p;
