-- PostgreSQL database dump
DROP SCHEMA IF EXISTS shop CASCADE;
