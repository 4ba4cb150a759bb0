CREATE TABLE items (
  id INT PRIMARY KEY,
  price DECIMAL(10, 2) CHECK (price > 0)
);
