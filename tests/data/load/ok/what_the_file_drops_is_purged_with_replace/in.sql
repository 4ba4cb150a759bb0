-- options: replace
-- MySQL dump 10.13
DROP TABLE IF EXISTS `items`;
CREATE TABLE `items` (`id` int NOT NULL, PRIMARY KEY (`id`));
DROP TABLE IF EXISTS `others`, `none`;
