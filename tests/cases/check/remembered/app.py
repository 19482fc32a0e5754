import quant
