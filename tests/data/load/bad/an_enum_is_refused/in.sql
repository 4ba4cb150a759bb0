-- MySQL dump 10.13
CREATE TABLE `t` (`id` int PRIMARY KEY, `e` enum('a','b') DEFAULT 'a');
