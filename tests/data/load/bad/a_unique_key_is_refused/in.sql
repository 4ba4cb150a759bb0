-- MySQL dump 10.13
CREATE TABLE `items` (`id` int NOT NULL, `code` int, PRIMARY KEY (`id`), UNIQUE KEY `c` (`code`,`id`));
