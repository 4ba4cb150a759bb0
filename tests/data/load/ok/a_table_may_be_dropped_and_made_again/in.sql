-- MySQL dump 10.13
CREATE TABLE `v` (`id` tinyint NOT NULL);
DROP TABLE IF EXISTS `v`;
CREATE TABLE `v` (`id` int NOT NULL, PRIMARY KEY (`id`));
CREATE TABLE IF NOT EXISTS `v` (`other` int NOT NULL);
