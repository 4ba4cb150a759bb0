-- options: into=default
CREATE TABLE a (id INT PRIMARY KEY);
