-- MySQL dump
CREATE TABLE `t (id int);
