"""The code of the lessons, to be read as a short book. Each file uses only those before it.

    network     three weight matrices
    method      a method is its forward pass, a list of lines
    derive      the rest of a step, and its counts, follow from them
    forward     the lines computed: what the network answers
    loss        how wrong that is
    backward    who is to blame
    update      what changes
    freeze      a whole step, of all layers or some
    head        new layers on top
    probe       one new layer on top
    adapter     a detour behind each layer
    lora        two thin matrices beside each layer
    quantise    frozen weights in four bits
    adam        steps that are not the gradient's
    count       how many numbers
    cost        what a method costs
    savings     what freezing saves where a network is deep

Tools: check looks at what a caller passes in, once, at the edge; pencil and pencil_methods hold
the small numbers that lessons compute by hand.
"""
