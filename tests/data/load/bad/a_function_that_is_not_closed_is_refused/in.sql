-- PostgreSQL database dump
CREATE FUNCTION f() AS $x$ BEGIN; $y$;
