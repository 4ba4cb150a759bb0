-- PostgreSQL database dump
CREATE TABLE t (id int PRIMARY KEY);
COMMENT ON TABLE t IS 5;
