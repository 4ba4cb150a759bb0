CREATE TABLE t (id INT PRIMARY KEY); /* and
so on
