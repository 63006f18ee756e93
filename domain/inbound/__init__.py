"""What payment processors tell us, and money that no rule could place. Source: I12"""
