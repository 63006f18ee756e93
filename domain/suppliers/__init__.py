"""Claims on the suppliers of refunded goods. Source: R-G2"""
