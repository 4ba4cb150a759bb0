-- MySQL dump 10.13
CREATE TABLE `t` (`id` int PRIMARY KEY, `d` datetime NOT NULL DEFAULT '0000-00-00 00:00:00');
