-- MySQL dump
CREATE TABLE `t` (`id` int PRIMARY KEY, `b` int PRIMARY KEY);
