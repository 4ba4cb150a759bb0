CREATE TABLE items (
  id INT PRIMARY KEY, price INT,
  CONSTRAINT positive CHECK (price > 0)
);
