"""The parts that figures are put together from: squares, drawings, tables, numbers, symbols."""
