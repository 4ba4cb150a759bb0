-- PostgreSQL database dump
COPY public.t (id) FROM stdin;
1
2
