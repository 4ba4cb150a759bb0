-- options: into=system
CREATE TABLE t (id INT PRIMARY KEY);
