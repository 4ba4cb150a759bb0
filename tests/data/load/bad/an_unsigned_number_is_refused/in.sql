-- MySQL dump 10.13
CREATE TABLE `t` (`id` int unsigned NOT NULL, PRIMARY KEY (`id`));
