-- MySQL dump 10.13
DROP TABLE IF EXISTS `items`;
CREATE TABLE `items` (`id` int PRIMARY KEY);
