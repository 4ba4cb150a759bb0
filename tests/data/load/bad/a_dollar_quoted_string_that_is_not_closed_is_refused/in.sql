-- PostgreSQL database dump
CREATE VIEW v AS SELECT $x$ abc $y$;
